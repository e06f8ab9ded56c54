"""The twin's provider plugins: each answers the engine's provider protocol in the place of an official one."""
