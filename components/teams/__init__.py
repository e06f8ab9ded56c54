"""Teams and their people: what each persona may do, in AWS and in the cluster, from one definition."""
