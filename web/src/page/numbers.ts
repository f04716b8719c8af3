/** Numbers as people read them. */

/** Returns numbers with as many digits as tell them apart, three at least. */
export function numberTexts(numbers: readonly number[]): string[] {
  const step = Math.abs(numbers[0] - numbers[numbers.length - 1]) / Math.max(numbers.length - 1, 1);
  const largest = Math.max(...numbers.map(Math.abs));
  const whole = largest < 1e6 ? String(Math.trunc(largest)).length : 3;
  let texts: string[] = [];
  for (let digits = Math.max(3, whole); digits < 10; digits++) {
    texts = numbers.map((number) => plain(number, digits));
    const off = Math.max(...numbers.map((number, i) => Math.abs(Number(texts[i]) - number)));
    if (off <= 0.05 * step || step === 0) break;
  }
  return texts.map((text, i) => (Math.abs(numbers[i]) < 1e-9 * largest ? "0" : text));
}

/** Returns a number of so many digits, without trailing zeros; as %g in C. */
function plain(number: number, digits: number): string {
  const text = number.toPrecision(digits);
  if (text.includes("e")) {
    const [mantissa, exponent] = text.split("e");
    return `${trimmed(mantissa)}e${Number(exponent)}`;
  }
  return Math.abs(number) < 1e-4 && number !== 0 ? number.toExponential(2) : trimmed(text);
}

const trimmed = (text: string): string =>
  text.includes(".") ? text.replace(/\.?0+$/, "") : text;

/** Returns a value of a map with digits down to a ten-thousandth of its range. */
export function valueText(value: number, span: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = span > 0 ? span : Math.abs(value) || 1;
  if (size >= 1e7 || size < 1e-5) return value.toExponential(4);
  const digits = Math.min(8, Math.max(0, 4 - Math.ceil(Math.log10(size))));
  return value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1");
}

/** Returns an error or another quantity in three digits. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return plain(value, value !== 0 && Math.abs(value) >= 1000 ? 4 : 3);
}

/** Returns a count with thin groups of thousands. */
export const countText = (count: number): string => count.toLocaleString("en-GB");

/** Returns the least of …, 1, 2, 5, 10, … that is not below a number above 0. */
export function roundedUp(number: number): number {
  const power = 10 ** Math.floor(Math.log10(number));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= number) ?? 10 * power;
}

/** Returns round numbers between two, about so many. */
export function roundNumbers(low: number, high: number, about: number): number[] {
  const rough = (high - low) / about;
  if (!(rough > 0)) return [low];
  const step = roundedUp(rough);
  const numbers: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) numbers.push(i * step);
  return numbers.length ? numbers : [low];
}
