"""Who gains and who loses which right by a plan, by the meaning of documents and not by their text: docs/access.md."""
