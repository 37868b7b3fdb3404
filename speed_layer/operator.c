#include "speed_layer/operator.h"

const lk_operator *lk_operator_of(const lk_plan *p) {
	return !p->makes ? &lk_fold_cells : p->overs.ncalls ? &lk_fill_windows : &lk_fill_log;
}
