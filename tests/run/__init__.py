"""``dsdoctor run`` side by side with the bare command."""
