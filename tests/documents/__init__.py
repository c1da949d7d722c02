"""The pages under docs/ as tests read them: their blocks, a shell that runs their commands, and the site they become.

The convention, by what stands behind the three back quotes:

    console                    run by `test_sessions.py`: one shell for all of a page's blocks, in a home of its own, and what
                               is printed must be what the page shows (`…` stands for what differs from run to run)
    console title="cluster"    needs a Kubernetes cluster; `cluster_blocks` hands it to `make e2e-k8s`
    console title="cluster, MongoDB, ..."  needs a cluster and stores of one's own; its words and values are checked
    console title="Redis"      (or MongoDB, MLflow) needs that server; run with those of `make services` by tests marked `real`
    console title="Docker"     needs a container engine; its words are checked
    console title="checkout"   targets of the Makefile that tests cannot run within tests; they exist
    LANGUAGE title="a.file"    a file that the commands after it use; whoever runs the page writes it first

A command that serves until it is stopped (`hive serve`) stands in its block like any other; it is run beside the rest.
"""

from tests.documents.pages import Block, blocks, cluster_blocks

__all__ = ["Block", "blocks", "cluster_blocks"]
