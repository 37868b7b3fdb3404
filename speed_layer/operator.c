#include "speed_layer/operator.h"

/* Every plan that there is folds into cells. */
const lk_operator *lk_operator_of(const lk_plan *p) {
	(void)p;
	return &lk_fold_cells;
}
