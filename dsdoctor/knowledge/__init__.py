"""The knowledge base: rule files, their schema, and what can be asked of them."""
