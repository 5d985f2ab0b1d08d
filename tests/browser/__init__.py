"""Programs that drive a browser: pictures of the pages, and measurements of the live tab."""
