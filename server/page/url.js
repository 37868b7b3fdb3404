// What is shown is in the address, so that it can be kept, sent and gone back to.

export function read() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

// Changes some of it; an empty value removes one.
export function write(changes) {
  location.hash = link({ ...read(), ...changes });
}

export function link(what) {
  const kept = Object.entries(what).filter(([, value]) => value !== '' && value !== undefined && value !== null);
  return '#' + new URLSearchParams(kept);
}
