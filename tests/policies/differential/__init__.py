"""The evaluator of policy documents against an oracle that is written independently, over generated documents.

python -m tests.policies.differential --documents 100000
"""
