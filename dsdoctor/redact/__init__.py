"""Takes secrets and identities out of text, so that a report can be handed to a stranger."""
