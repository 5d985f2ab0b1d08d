"""Route requests to the pages and the API."""
