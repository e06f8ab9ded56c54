"""`groundwork policy`: the policies outside of a run of the engine: judging what is saved, explaining, evidence."""
