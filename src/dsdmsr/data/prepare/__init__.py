"""From raw files to prepared maps: levels as PNG, shards, an index and a manifest."""
