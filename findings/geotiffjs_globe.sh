#!/usr/bin/env bash
# geotiff.js 3.0.5 for Node.js, writeArrayBuffer, seen 2026-11-29 on Linux with Node.js 20.
#
# One would expect: writeArrayBuffer(numbers, {width, height}), without a word on where the map lies, makes a TIFF that
# says nothing of it either.
#
# What happens: the file lies on the whole globe: its first pixel at 180° west and 90° north, its pixels as wide as
# the globe divided by the width, in WGS 84. A depth map of 4×2 pixels has pixels of 90 degrees, GIS programs put it
# on the map, and whoever takes georeferenced rasters for heights takes 0 for the sea.
#
# Whoever writes depth by geotiff.js deletes these tags, or tells readers that it is depth.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent geotiff@3.0.5 >/dev/null
cat > look.mjs <<'JS'
import { fromArrayBuffer, writeArrayBuffer } from "geotiff";

const millimetres = Uint16Array.from([1500, 1501, 1502, 0, 1500, 1501, 1502, 0]);
const file = writeArrayBuffer(millimetres, { width: 4, height: 2 });
const image = await (await fromArrayBuffer(file)).getImage();
const seen = JSON.stringify([
  image.getBoundingBox(),
  Array.from(image.getResolution()).map(Math.abs),
  image.getGeoKeys().GeographicTypeGeoKey,
]);
console.log(`bounding box, size of pixels, system: ${seen}`);
process.exit(seen.startsWith("[[-180,-90,180,90],[90,90") && seen.endsWith("4326]") ? 0 : 1);
JS
node look.mjs
