"""Roughly where a longitude and latitude lie in China: how far, and which way, from the nearest provincial seat.

Meant for messages only ("is this your town?"). Positions are of the city centres, rounded to 0.1 degrees.
"""

from __future__ import annotations

import math

SEATS = (
    ("北京", "Beijing", 116.4, 39.9), ("天津", "Tianjin", 117.2, 39.1), ("石家庄", "Shijiazhuang", 114.5, 38.0),
    ("太原", "Taiyuan", 112.5, 37.9), ("呼和浩特", "Hohhot", 111.7, 40.8), ("沈阳", "Shenyang", 123.4, 41.8),
    ("长春", "Changchun", 125.3, 43.8), ("哈尔滨", "Harbin", 126.5, 45.8), ("上海", "Shanghai", 121.5, 31.2),
    ("南京", "Nanjing", 118.8, 32.1), ("杭州", "Hangzhou", 120.2, 30.3), ("合肥", "Hefei", 117.2, 31.8),
    ("福州", "Fuzhou", 119.3, 26.1), ("南昌", "Nanchang", 115.9, 28.7), ("济南", "Jinan", 117.1, 36.7),
    ("郑州", "Zhengzhou", 113.6, 34.7), ("武汉", "Wuhan", 114.3, 30.6), ("长沙", "Changsha", 112.9, 28.2),
    ("广州", "Guangzhou", 113.3, 23.1), ("南宁", "Nanning", 108.3, 22.8), ("海口", "Haikou", 110.2, 20.0),
    ("重庆", "Chongqing", 106.5, 29.6), ("成都", "Chengdu", 104.1, 30.6), ("贵阳", "Guiyang", 106.6, 26.7),
    ("昆明", "Kunming", 102.8, 24.9), ("拉萨", "Lhasa", 91.2, 29.7), ("西安", "Xi'an", 108.9, 34.3),
    ("兰州", "Lanzhou", 103.8, 36.1), ("西宁", "Xining", 101.8, 36.6), ("银川", "Yinchuan", 106.2, 38.5),
    ("乌鲁木齐", "Urumqi", 87.6, 43.8), ("台北", "Taipei", 121.5, 25.0), ("香港", "Hong Kong", 114.2, 22.3),
    ("澳门", "Macao", 113.5, 22.2),
)  # fmt: skip
"""Provincial seats: Chinese and English name, longitude, latitude."""

_WAYS = (
    ("东", "E"),
    ("东北", "NE"),
    ("北", "N"),
    ("西北", "NW"),
    ("西", "W"),
    ("西南", "SW"),
    ("南", "S"),
    ("东南", "SE"),
)
_KM_PER_DEGREE = 111.3
FAR_KM = 1200
"""Farther from every seat than any place in China: said to be elsewhere."""
ELSEWHERE = ("不在中国", "not in China")


def describe_place(lon: float, lat: float) -> tuple[str, str]:
    """Tell roughly where a point lies, in Chinese and English.

    Examples
    --------
    >>> describe_place(109.03, 32.69)
    ('西安以南约 180 公里', "about 180 km S of Xi'an")
    >>> describe_place(24.9, 60.2)
    ('不在中国', 'not in China')
    """
    offsets = [((lon - x) * math.cos(math.radians(lat)), lat - y) for _, _, x, y in SEATS]
    away = [math.hypot(*o) * _KM_PER_DEGREE for o in offsets]
    nearest = min(range(len(SEATS)), key=away.__getitem__)
    zh, en, km = SEATS[nearest][0], SEATS[nearest][1], away[nearest]
    if km > FAR_KM:
        return ELSEWHERE
    if km < 20:
        return f"{zh}附近", f"near {en}"
    east, north = offsets[nearest]
    way = _WAYS[round(math.degrees(math.atan2(north, east)) / 45) % 8]
    shown = round(km / 10) * 10
    return f"{zh}以{way[0]}约 {shown} 公里", f"about {shown} km {way[1]} of {en}"
