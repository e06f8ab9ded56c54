"""The Pulumi engine and its Python language host, by three ways."""
