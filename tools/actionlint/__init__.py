"""actionlint: what is wrong with the workflow files, before GitHub says so."""
