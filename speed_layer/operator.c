#include "speed_layer/operator.h"

#define AN_OPERATOR(name) &lk_##name,
static const lk_operator *const operators[] = {LK_OPERATORS(AN_OPERATOR)};

const lk_operator *lk_operator_of(const lk_plan *p) {
	const lk_operator *const *o = operators;
	while (!(*o)->is_for(p))
		o++;
	return *o;
}
