// The one error family, as in errors.py: what happened, what was expected, what to do.

export class HilumError extends Error {
  constructor(happened, expected, toDo) {
    super(`${happened} Expected ${expected}. ${toDo}`);
    Object.assign(this, { happened, expected, toDo });
  }
}

export function damaged(shown, format, reason) {
  return new HilumError(
    `'${shown}' cannot be decoded as ${format}: ${reason}.`,
    "a complete, undamaged image",
    "Copy or export it again, or remove it from the images.",
  );
}
