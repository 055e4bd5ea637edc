terraform import lambdasim_alias.live orders/live
