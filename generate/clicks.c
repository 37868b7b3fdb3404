/* Clicks on a page, busier in some minutes than in others. Planted: robots, each of which clicks one button again and
 * again for a few seconds. */
#include "generate/scenario.h"

enum { BUTTONS = 6, ROBOT_CLICKS_LEAST = 20, ROBOT_CLICKS_MOST = 40, ROBOT_OF_A_MILLION = 1000 };

typedef struct clicks {
	uint32_t visitors;
	lk_zipf buttons;
	uint64_t robots;
	int64_t left;           /* clicks that the robot of the moment has not made yet */
	uint32_t button;        /* of the robot */
} clicks;

static const char *const buttons[BUTTONS] = {"search", "next", "buy", "like", "share", "help"};

static void prepare(void *state, lk_gen_scene *scene) {
	clicks *c = state;
	c->visitors = scene->keys;
	lk_zipf_init(&c->buttons, BUTTONS);
	scene->parts = LK_GEN_PARTS;
	for (int i = 0; i < scene->parts; i++)
		scene->busy[i] = (uint32_t)lk_random_from(scene->random, 4, 12);
}

static void release(void *state) { lk_zipf_release(&((clicks *)state)->buttons); }

static void click(lk_fields *f, int64_t ts, uint64_t visitor, uint32_t button) {
	lk_fields_time(f, "ts", ts);
	lk_fields_key(f, "visitor", "visitor", visitor);
	lk_fields_text(f, "button", buttons[button]);
}

/* While a robot is there, two of three clicks are its own. */
static const char *event(void *state, lk_random *r, int64_t ts, lk_fields *f) {
	clicks *c = state;
	if (c->left == 0 && lk_random_chance(r, ROBOT_OF_A_MILLION)) {
		c->left = lk_random_from(r, ROBOT_CLICKS_LEAST, ROBOT_CLICKS_MOST);
		c->button = (uint32_t)lk_random_below(r, BUTTONS);
		c->robots++;
	}
	if (c->left > 0 && lk_random_chance(r, 666667)) {
		c->left--;
		click(f, ts, c->visitors + c->robots, c->button);
		return "robot";
	}
	uint64_t visitor = 1 + lk_random_below(r, c->visitors);
	click(f, ts, visitor, lk_zipf_pick(&c->buttons, r));
	return NULL;
}

const lk_scenario lk_scenario_clicks = {
	.name = "clicks",
	.about = "clicks, some by robots",
	.of = "by",
	.sources = "visitors",
	.events = 6000,
	.span_us = 600 * LK_US_PER_S,
	.keys = 500,
	.planted = "robot",
	.state_bytes = sizeof(clicks),
	.prepare = prepare,
	.event = event,
	.release = release,
};
