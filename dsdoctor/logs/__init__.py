"""From files to events: open, split, attribute, match. Nothing here judges the job."""
