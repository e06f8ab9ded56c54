"""The VPC of an environment: subnets, routes, endpoints of AWS services, flow logs."""
