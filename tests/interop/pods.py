# SPDX-License-Identifier: Apache-2.0
"""The pods of the suite: which application runs in which container."""
import os

import cri
import peers


def in_the_image():
    """Stack traces show where the applications would be in their images, not where they were run."""
    return [(os.fsencode(os.path.join(peers.HERE, "apps/python")), b"/app"),
            (os.fsencode(os.path.dirname(peers.node_app()[1])), b"/app")]


def services():
    """(namespace, pod, uid, container, command): six services of three real applications."""
    python, node, go = peers.python_app(), peers.node_app(), peers.go_app()
    return [
        ("shop", "checkout-7d9c5b8f4-x2kqp", "0b8e4a52-6c1f-4d0e-9a77-3f5d2c61b901", "checkout",
         python + ["json", "checkout"]),
        ("shop", "recommendation-5f6d8c9b7-lm4tz", "5ce1f7d0-2b94-4f3a-8f0e-71d9a4c3e602",
         "recommendation", python + ["text", "recommendation"]),
        ("shop", "payment-66b7f9d5c-9vjhw", "91a3d5e8-70c2-4b6d-b1f4-08e6c2d7a903", "payment",
         node + ["payment"]),
        ("shop", "shipping-84c6b5d7f-q8n2d", "c27f60b1-95de-4a08-8d3c-5b1e9f4a7204", "shipping",
         [go, "json", "shipping"]),
        ("shop", "inventory-59d4f8c6b-t7wkr", "e8410c9d-3fa6-4e72-9b05-d6c7a1f2b805", "inventory",
         [go, "text", "inventory"]),
        ("batch", "ledger-export-28931040-hx5zm", "f3b96d24-c8e7-4150-a2d9-4e8f0b7c1906",
         "ledger-export", python + ["plain", "ledger-export"]),
    ]


def write(root):
    """Run every application and write its log below `root`; the paths of the files."""
    paths = []
    for namespace, pod, uid, name, command in services():
        container = cri.Container(root, namespace, pod, uid, name, rename=in_the_image())
        container.run(command)
        container.close()
        paths.append(container.path)
    return paths
