"""The rules about pods as the API server checks them: expressions of admission policies, made of the same data.

What the pack refuses before anything is built, kubectl is refused as well. `python -m policies.admission` prints them;
who installs them keeps a copy, and a test compares it.

Not among them are the rules whose question the API server is never asked: about charts and repositories of the cloud,
about namespaces of Kubernetes' own kinds (POD-14), and whatever is not known yet.
"""
