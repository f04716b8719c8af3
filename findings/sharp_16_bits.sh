#!/usr/bin/env bash
# sharp 0.35.5 for Node.js (libvips), 16-bit grey PNG, seen 2026-11-29 on Linux with Node.js 20.
#
# One would expect: sharp(file).raw({depth: "ushort"}) gives the 16-bit numbers of a 16-bit grey PNG, one channel.
#
# What happens: it gives three channels, in which each number is the PNG's high byte: 1500 mm become 5, and all below
# 256 become 0; metadata() says that the file is grey, of 16 bits. With toColourspace("grey16") before raw() the numbers
# are right.
#
# Whoever reads depth by sharp calls toColourspace("grey16"), or takes fast-png.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent sharp@0.35.5 fast-png@8.0.0 >/dev/null
cat > look.mjs <<'JS'
import { writeFileSync } from "node:fs";
import { encode } from "fast-png";
import sharp from "sharp";

const millimetres = Uint16Array.from([0, 200, 255, 256, 1500, 65535]);
writeFileSync("a.png", encode({ width: 6, height: 1, data: millimetres, depth: 16, channels: 1 }));
const about = await sharp("a.png").metadata();
console.log(`metadata: ${about.channels} channel, ${about.depth}, ${about.space}`);
const seen = [];
for (const picture of [sharp("a.png"), sharp("a.png").toColourspace("grey16")]) {
  const { data, info } = await picture.raw({ depth: "ushort" }).toBuffer({ resolveWithObject: true });
  const numbers = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  const first = Array.from(numbers).filter((_, index) => index % info.channels === 0);
  seen.push([info.channels, ...first].join(" "));
  console.log(`channels, then numbers: ${seen.at(-1)}`);
}
const same = seen[0] === "3 0 0 0 1 5 255" && seen[1] === "1 0 200 255 256 1500 65535";
process.exit(same ? 0 : 1);
JS
node look.mjs
