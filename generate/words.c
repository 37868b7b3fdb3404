/* Lines of text, as for a count of words: plain sentences of a small vocabulary, a few words of which are said often. */
#include "generate/scenario.h"

enum { MOST_NOUNS = 32, MOST_VERBS = 16, MOST_TRAITS = 16, MOST_LINKS = 8 };

typedef struct words {
	lk_zipf books, nouns, verbs, traits;
} words;

static const char *const nouns[MOST_NOUNS] = {
	"river", "house", "garden", "bridge", "morning", "letter", "child", "window", "road", "horse", "winter", "voice",
	"table", "forest", "mother", "boat",
	"stone", "field", "night", "town", "door", "bird", "story", "mountain", "fire", "friend", "harbour", "lamp",
	"baker", "clock", "island", "snow",
};
static const char *const verbs[MOST_VERBS] = {
	"sees", "finds", "follows", "leaves", "remembers", "crosses", "keeps", "calls", "builds", "hears", "loves",
	"passes", "opens", "carries", "paints", "forgets",
};
static const char *const traits[MOST_TRAITS] = {
	"old", "small", "quiet", "long", "white", "dark", "green", "early", "cold", "kind", "narrow", "bright", "heavy",
	"lost", "blue", "slow",
};
static const char *const links[MOST_LINKS] = {
	"near", "behind", "under", "without", "after", "before", "beyond", "like",
};

static void prepare(void *state, lk_gen_scene *scene) {
	words *w = state;
	lk_zipf_init(&w->books, scene->keys);
	lk_zipf_init(&w->nouns, MOST_NOUNS);
	lk_zipf_init(&w->verbs, MOST_VERBS);
	lk_zipf_init(&w->traits, MOST_TRAITS);
}

static void release(void *state) {
	words *w = state;
	lk_zipf_release(&w->books);
	lk_zipf_release(&w->nouns);
	lk_zipf_release(&w->verbs);
	lk_zipf_release(&w->traits);
}

static void say(lk_fields *f, const char *word) {
	lk_fields_piece(f, " ");
	lk_fields_piece(f, word);
}

/* "the old river", "a bridge" */
static void thing(const words *w, lk_random *r, lk_fields *f, bool first) {
	if (lk_random_chance(r, 700000))
		lk_fields_piece(f, first ? "The" : " the");
	else
		lk_fields_piece(f, first ? "One" : " one");
	if (lk_random_chance(r, 600000))
		say(f, traits[lk_zipf_pick(&w->traits, r)]);
	say(f, nouns[lk_zipf_pick(&w->nouns, r)]);
}

static void sentence(const words *w, lk_random *r, lk_fields *f) {
	thing(w, r, f, true);
	say(f, verbs[lk_zipf_pick(&w->verbs, r)]);
	thing(w, r, f, false);
	if (lk_random_chance(r, 500000)) {
		say(f, links[lk_random_below(r, MOST_LINKS)]);
		thing(w, r, f, false);
	}
	if (lk_random_chance(r, 250000)) {
		lk_fields_piece(f, ", and");
		say(f, verbs[lk_zipf_pick(&w->verbs, r)]);
		say(f, "it");
	}
	lk_fields_piece(f, lk_random_chance(r, 900000) ? "." : "!");
}

static const char *event(void *state, lk_random *r, int64_t ts, lk_fields *f) {
	const words *w = state;
	lk_fields_time(f, "ts", ts);
	lk_fields_key(f, "book", "book", 1 + lk_zipf_pick(&w->books, r));
	lk_fields_open(f, "line");
	sentence(w, r, f);
	lk_fields_close(f);
	return NULL;
}

const lk_scenario lk_scenario_words = {
	.name = "words",
	.about = "lines of text",
	.of = "of",
	.sources = "books",
	.events = 1000,
	.span_us = 3600 * LK_US_PER_S,
	.keys = 4,
	.state_bytes = sizeof(words),
	.prepare = prepare,
	.event = event,
	.release = release,
};
