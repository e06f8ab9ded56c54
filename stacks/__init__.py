"""The one program of every environment: settings in, components wired to each other, outputs out."""
