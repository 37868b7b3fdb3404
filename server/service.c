#include "server/service.h"

#include "core/time.h"

void lk_service_tell(lk_service *s, const lk_error *why) {
	pthread_mutex_lock(&s->telling);
	if (s->options->log && lk_told_due(&s->told, why->text, lk_monotonic_us()))
		s->options->log(s->options->ctx, why);
	pthread_mutex_unlock(&s->telling);
}
