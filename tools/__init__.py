"""Programs for developers of dsdoctor: generated pages and reviewed tables."""
