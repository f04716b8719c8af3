/** The page's elements, and how they are made. */

/** Returns an element of the page by its id. */
export function element<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as unknown as T;
}

export const input = (id: string): HTMLInputElement => element<HTMLInputElement>(id);
export const select = (id: string): HTMLSelectElement => element<HTMLSelectElement>(id);

/** Makes an element with content. */
export function made<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.append(...content);
  return node;
}

/** Gives a list its options, [value, label] each, and keeps what was chosen if it is still there. */
export function setOptions(list: HTMLSelectElement, options: readonly [string, string][]): void {
  const chosen = list.value;
  list.replaceChildren(...options.map(([value, label]) => new Option(label, value)));
  if (options.some(([value]) => value === chosen)) list.value = chosen;
}

/** A line of the engine's as a sentence of the page: with a capital letter. */
export function sentence(line: string): string {
  return line.charAt(0).toUpperCase() + line.slice(1);
}

/** The steps that an arrow key stands for, Shift for ten; null for other keys. */
export function arrow(event: KeyboardEvent): { x: number; y: number } | null {
  const steps = event.shiftKey ? 10 : 1;
  switch (event.key) {
    case "ArrowLeft":
      return { x: -steps, y: 0 };
    case "ArrowRight":
      return { x: steps, y: 0 };
    case "ArrowUp":
      return { x: 0, y: -steps };
    case "ArrowDown":
      return { x: 0, y: steps };
    default:
      return null;
  }
}
