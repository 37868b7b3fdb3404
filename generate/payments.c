/* Payments by card. A card has a home and a usual amount; its holder travels now and then.
 *
 * Planted: fraud, a payment away from the card's home, above three times the mean of all that the card has paid
 * before, less than a minute after the one before. And near misses, which are not fraud: two of the three are true of
 * them. No other event has all three, so a query over the events in their order must find the planted ones and no
 * others. */
#include "generate/scenario.h"

#include <stdlib.h>

enum {
	PLACES = 12, RECENT = 8, FRAUD_OF_A_MILLION = 2000, MISS_OF_A_MILLION = 4000, TRAVEL_OF_A_MILLION = 50000,
	KNOWN = 4 /* payments of a card before it is worth stealing */
};
#define QUICK_US (50 * LK_US_PER_S)

typedef struct history {
	int64_t paid, sum_cents, last_us;
} history;

typedef struct payments {
	lk_zipf cards;
	history *card;
	uint32_t recent[RECENT];   /* the cards of the last events */
	uint64_t done;
	uint64_t salt;
} payments;

typedef struct payment {
	uint32_t card;
	int64_t cents;
	uint32_t place;
} payment;

static const char *const places[PLACES] = {
	"Aarhus", "Bergen", "Cork", "Dresden", "Evora", "Fano", "Ghent", "Haarlem", "Izola", "Jaca", "Kiel", "Lyon",
};

static void prepare(void *state, lk_gen_scene *scene) {
	payments *p = state;
	lk_zipf_init(&p->cards, scene->keys);
	p->card = lk_calloc(scene->keys, sizeof *p->card);
	p->salt = lk_random_next(scene->random);
}

static void release(void *state) {
	payments *p = state;
	lk_zipf_release(&p->cards);
	free(p->card);
}

static uint32_t home_of(const payments *p, uint32_t card) { return (uint32_t)(lk_mix(p->salt + card) % PLACES); }

/* From 5 to 105, the middle of what is paid with a card. */
static int64_t usual_cents(const payments *p, uint32_t card) {
	return 500 + (int64_t)(lk_mix(p->salt ^ card) >> 32) % 10000;
}

static uint32_t elsewhere(const payments *p, lk_random *r, uint32_t card) {
	return (home_of(p, card) + 1 + (uint32_t)lk_random_below(r, PLACES - 1)) % PLACES;
}

static int64_t usual_amount(const payments *p, lk_random *r, uint32_t card) {
	return usual_cents(p, card) * lk_random_from(r, 40, 160) / 100;
}

static int64_t mean_of(const payments *p, uint32_t card) { return p->card[card].sum_cents / p->card[card].paid; }

/* Four to eight times the mean. */
static int64_t large_amount(const payments *p, lk_random *r, uint32_t card) {
	return mean_of(p, card) * lk_random_from(r, 40, 80) / 10 + 100;
}

/* A card that was used moments ago and is worth stealing, or none. */
static bool used_just_now(const payments *p, lk_random *r, int64_t ts, uint32_t *out) {
	if (p->done < RECENT)
		return false;
	*out = p->recent[lk_random_below(r, RECENT)];
	return p->card[*out].paid >= KNOWN && ts - p->card[*out].last_us < QUICK_US;
}

/* Two of three: small, or at home. (The third, not quick, is a traveller's large payment: see `usual`.) */
static payment near_miss(const payments *p, lk_random *r, uint32_t card) {
	if (lk_random_chance(r, 500000))
		return (payment){card, mean_of(p, card) * lk_random_from(r, 50, 150) / 100 + 1, elsewhere(p, r, card)};
	return (payment){card, large_amount(p, r, card), home_of(p, card)};
}

/* Away from home only long after the payment before, and then at times for a large amount. */
static payment usual(const payments *p, lk_random *r, int64_t ts) {
	uint32_t card = lk_zipf_pick(&p->cards, r);
	payment made = {card, usual_amount(p, r, card), home_of(p, card)};
	bool quick = p->card[card].paid > 0 && ts - p->card[card].last_us < 2 * QUICK_US;
	if (!quick && lk_random_chance(r, TRAVEL_OF_A_MILLION)) {
		made.place = elsewhere(p, r, card);
		if (p->card[card].paid > 0 && lk_random_chance(r, 200000))
			made.cents = large_amount(p, r, card);
	}
	return made;
}

static void write_payment(payments *p, const payment *made, int64_t ts, lk_fields *f) {
	history *c = &p->card[made->card];
	lk_fields_time(f, "ts", ts);
	lk_fields_key(f, "card", "card", 1 + made->card);
	lk_fields_decimal(f, "amount", made->cents, 2);
	lk_fields_text(f, "place", places[made->place]);
	lk_fields_text(f, "home", places[home_of(p, made->card)]);
	c->paid++;
	c->sum_cents += made->cents;
	c->last_us = ts;
	p->recent[p->done++ % RECENT] = made->card;
}

static const char *event(void *state, lk_random *r, int64_t ts, lk_fields *f) {
	payments *p = state;
	uint64_t chance = lk_random_below(r, 1000000);
	const char *planted = NULL;
	uint32_t card;
	payment made;
	if (chance >= FRAUD_OF_A_MILLION + MISS_OF_A_MILLION || !used_just_now(p, r, ts, &card)) {
		made = usual(p, r, ts);
	} else if (chance < FRAUD_OF_A_MILLION) {
		made = (payment){card, large_amount(p, r, card), elsewhere(p, r, card)};
		planted = "fraud";
	} else {
		made = near_miss(p, r, card);
	}
	write_payment(p, &made, ts, f);
	return planted;
}

const lk_scenario lk_scenario_payments = {
	.name = "payments",
	.about = "payments, some fraud",
	.of = "with",
	.sources = "cards",
	.events = 20000,
	.span_us = 24 * 3600 * LK_US_PER_S,
	.keys = 200,
	.planted = "fraud",
	.state_bytes = sizeof(payments),
	.prepare = prepare,
	.event = event,
	.release = release,
};
