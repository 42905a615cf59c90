"""What was asked for: one ``JobSpec`` from every place where a setting can come from."""
