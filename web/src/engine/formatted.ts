/** Numbers in words for people, as Python formats them. */

/** A number, or one a little nearer to 0 if its last 5 would go up, but the even digit is below. */
function evened(x: number, fraction: number): number {
  const [digits] = x.toExponential(Math.min(fraction + 60, 100)).split("e");
  const all = digits.replace(/[-.]/g, "");
  const tie = /^50*$/.test(all.slice(fraction + 1)) && Number(all[fraction]) % 2 === 0;
  return tie ? x * (1 - 2 ** -52) : x;
}

/** A number with so many digits at most, as Python's ``g`` has it. */
export function formatted(x: number, digits: number): string {
  if (!Number.isFinite(x) || x === 0) return String(x);
  const [mantissa, exponent] = evened(x, digits - 1)
    .toExponential(digits - 1)
    .split("e");
  const power = Number(exponent);
  const trimmed = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (power >= -4 && power < digits) {
    return trimmed(Number(`${mantissa}e${exponent}`).toFixed(digits - 1 - power));
  }
  const sign = power < 0 ? "-" : "+";
  return `${trimmed(mantissa)}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** A share in per cent, as Python's ``.1%`` or ``.0%`` has it. */
export function percent(share: number, places: number): string {
  const x = 100 * share;
  if (x === 0) return `${x.toFixed(places)}%`;
  const power = Math.floor(Math.log10(Math.abs(x)));
  return `${(power + places < 0 ? x : evened(x, power + places)).toFixed(places)}%`;
}
