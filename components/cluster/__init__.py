"""The EKS cluster: its control plane, who gets in, its add-ons, and what is inside it for everybody."""
