"""The policy pack: rules as data and one function each, which judge any Pulumi program before it is built."""
