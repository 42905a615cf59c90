"""The text of a DeepSpeed configuration: read with places, edited without losing a comment."""
