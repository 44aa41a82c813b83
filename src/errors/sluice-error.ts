/**
 * A fact that a client can be told. `name` is the class name that official clients switch on,
 * `message` names what is wrong and what would be right, `fields` are the machine-readable facts.
 */
export abstract class SluiceError extends Error {
  constructor(
    message: string,
    readonly fields: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = new.target.name.replace(/^Wire(?=TypeError$)/, '');
  }
}
