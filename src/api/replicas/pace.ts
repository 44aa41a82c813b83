/** Files of the first page, and of any at least: the first byte is to come soon. */
const FIRST = 100;
const MOST = 1000;
/** A page's text is held in memory as a whole; it grows with the copies of a file. */
const CHARACTERS = 1024 * 1024;

/** How many files the next page of a listing has. */
export class Pace {
  files = FIRST;

  /** After a page that gave so much text: more files the next time, as far as their text stays short. */
  next(characters = 0): void {
    const fit = Math.floor((this.files * CHARACTERS) / Math.max(1, characters));
    this.files = Math.max(FIRST, Math.min(this.files * 10, fit, MOST));
  }
}
