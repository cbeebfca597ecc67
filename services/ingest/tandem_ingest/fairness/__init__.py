"""Who goes first when more comes in than can be routed: no tenant's storm delays another tenant's page. Pure.

``gate`` decides per post, ``fair_queue`` orders what waits; it is kept and let go in ``waiting``.
"""
