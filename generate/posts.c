/* Posts of a social network: a line of text with one or two hashtags, kind or unkind, fewer of them at night.
 *
 * Planted: trends. For a while many write about one subject, nearly all of them in one mood. */
#include "generate/scenario.h"

enum { SUBJECTS = 24, MOODS = 8, FORMS = 6, TRENDS = 6 };

typedef struct trend {
	int64_t from_us, to_us;
	uint32_t subject, kind_of_a_million;
} trend;

typedef struct posts {
	lk_zipf authors, subjects;
	trend trends[TRENDS];
} posts;

static const char *const subjects[SUBJECTS] = {
	"weather", "tram", "football", "coffee", "concert", "market", "library", "phone", "museum", "bakery", "election",
	"cinema",
	"airport", "harbour", "marathon", "garden", "school", "bridge", "festival", "lecture", "radio", "theatre",
	"bicycle", "planet",
};
static const char *const kind[MOODS] = {"good", "great", "wonderful", "nice", "lovely", "fine", "brilliant", "perfect"};
static const char *const unkind[MOODS] = {"bad", "awful", "terrible", "sad", "boring", "broken", "slow", "ugly"};
static const char *const before[FORMS] = {
	"The ", "What a ", "Today's ", "My friends say the ", "Once more a ", "Really, this ",
};

/* As long as an hour of a day, about a subject of the rarer half. */
static trend some_trend(lk_gen_scene *scene) {
	int64_t length = scene->span_us / 24;
	int64_t from = scene->start_us + lk_random_from(scene->random, 0, scene->span_us - length);
	uint32_t subject = SUBJECTS / 2 + (uint32_t)lk_random_below(scene->random, SUBJECTS / 2);
	return (trend){from, from + length, subject, lk_random_chance(scene->random, 500000) ? 900000 : 100000};
}

/* The busy hours of a span are its second half's, as of a day. */
static void prepare(void *state, lk_gen_scene *scene) {
	posts *p = state;
	lk_zipf_init(&p->authors, scene->keys);
	lk_zipf_init(&p->subjects, SUBJECTS);
	scene->parts = 24;
	for (int i = 0; i < scene->parts; i++)
		scene->busy[i] = i < 6 ? 2 : i < 9 ? 6 : i < 22 ? 10 : 5;
	for (int i = 0; i < TRENDS; i++)
		p->trends[i] = some_trend(scene);
}

static void release(void *state) {
	posts *p = state;
	lk_zipf_release(&p->authors);
	lk_zipf_release(&p->subjects);
}

static const trend *trend_of(const posts *p, lk_random *r, int64_t ts) {
	for (int i = 0; i < TRENDS; i++)
		if (ts >= p->trends[i].from_us && ts < p->trends[i].to_us && lk_random_chance(r, 300000))
			return &p->trends[i];
	return NULL;
}

static void hashtag(lk_fields *f, const char *subject) {
	lk_fields_piece(f, " #");
	lk_fields_piece(f, subject);
}

/* One in five says nothing kind or unkind. */
static void write_text(const posts *p, lk_random *r, const trend *t, lk_fields *f) {
	uint32_t of = t ? t->subject : lk_zipf_pick(&p->subjects, r), other = lk_zipf_pick(&p->subjects, r);
	bool is_kind = lk_random_chance(r, t ? t->kind_of_a_million : 300000 + (uint32_t)(lk_mix(of) % 400000));
	lk_fields_open(f, "text");
	lk_fields_piece(f, before[lk_random_below(r, FORMS)]);
	lk_fields_piece(f, subjects[of]);
	if (lk_random_chance(r, 800000)) {
		lk_fields_piece(f, ": ");
		lk_fields_piece(f, (is_kind ? kind : unkind)[lk_random_below(r, MOODS)]);
	}
	lk_fields_piece(f, lk_random_chance(r, 500000) ? "!" : "");
	hashtag(f, subjects[of]);
	if (other != of && lk_random_chance(r, 300000))
		hashtag(f, subjects[other]);
	lk_fields_close(f);
}

static const char *event(void *state, lk_random *r, int64_t ts, lk_fields *f) {
	const posts *p = state;
	const trend *t = trend_of(p, r, ts);
	lk_fields_time(f, "ts", ts);
	lk_fields_key(f, "author", "author", 1 + lk_zipf_pick(&p->authors, r));
	write_text(p, r, t, f);
	return t ? "trend" : NULL;
}

const lk_scenario lk_scenario_posts = {
	.name = "posts",
	.about = "texts with hashtags, some trends",
	.of = "by",
	.sources = "authors",
	.events = 20000,
	.span_us = 24 * 3600 * LK_US_PER_S,
	.keys = 2000,
	.planted = "trend",
	.state_bytes = sizeof(posts),
	.prepare = prepare,
	.event = event,
	.release = release,
};
