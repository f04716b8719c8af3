"""The tools by name."""

from __future__ import annotations

from benchmarks.common.launch import launch

MODULES = {
    "bill_of_materials": "tools.bill_of_materials",
    "compare_networks": "tools.compare_networks",
    "coverage": "tools.coverage",
    "fill_documents": "tools.fill_documents",
    "fuzz": "tools.fuzz.run",
    "interop": "tools.interop.run",
    "make_network": "tools.make_network",
    "mean_network": "tools.mean_network",
    "mutants": "tools.mutants",
    "protocol_maps": "tools.protocol_maps",
    "prune_network": "tools.prune_network",
    "public_names": "tools.public_names",
    "runtimes": "tools.runtimes.measure",
    "source_table": "tools.source_table",
    "vectors": "tools.vectors.write",
}
"""Name → module."""

if __name__ == "__main__":
    launch("tools", MODULES)
