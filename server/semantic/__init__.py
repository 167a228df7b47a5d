"""The search by meaning, for whoever sets a model: `embedding` has it read what the catalog says, behind
the catalog, `meaning` finds what is alike. It never answers alone: what it finds is fused by rank into what
the words found, at half their weight, and where words find nothing, nothing is found."""
