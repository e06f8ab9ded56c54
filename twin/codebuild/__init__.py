"""Jobs of CodeBuild as local processes: the project, its specification and its role as the account holds them."""
