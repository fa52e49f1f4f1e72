const GRIDGIS_WORDS = {
  "levels": {
    "1": {"zh": "一级网格", "en": "Level 1", "line": "#a4372c"},
    "2": {"zh": "二级网格", "en": "Level 2", "line": "#33506b"},
    "3": {"zh": "三级网格", "en": "Level 3", "line": "#6b8196"}
  },
  "kinds": {
    "comprehensive": {"zh": "综合网格", "en": "Comprehensive grid"},
    "dedicated": {"zh": "专属网格", "en": "Dedicated grid"}
  },
  "modes": {
    "carve": {"zh": "划出", "en": "carved out"},
    "overlay": {"zh": "叠加", "en": "overlay"}
  },
  "categories": {
    "school": {"zh": "学校", "en": "School", "mark": "学", "colour": "#2f6f9f"},
    "hospital": {"zh": "医院", "en": "Hospital", "mark": "医", "colour": "#c14b45"},
    "park": {"zh": "公园", "en": "Park", "mark": "园", "colour": "#4d8a4f"},
    "market": {"zh": "市场", "en": "Market", "mark": "市", "colour": "#c07f1e"},
    "government": {"zh": "机关", "en": "Government", "mark": "政", "colour": "#8a4a78"},
    "industrial": {"zh": "园区", "en": "Industrial park", "mark": "工", "colour": "#5d6470"},
    "other": {"zh": "其他", "en": "Other", "mark": "专", "colour": "#7a6a55"}
  },
  "flags": {
    "single_building": {"zh": "单栋成格", "en": "one building is a grid"},
    "no_households": {"zh": "无住户", "en": "no households"},
    "enclave": {"zh": "飞地", "en": "enclave"},
    "island": {"zh": "孤岛", "en": "island"},
    "below_band": {"zh": "低于户数下限的社区", "en": "community below the band"},
    "compound_split": {"zh": "小区拆分", "en": "an estate is split"},
    "band_impossible": {"zh": "户数带无法满足（已证明）", "en": "band cannot be met (proven)"},
    "band_unmet": {"zh": "未满足户数带", "en": "band not met"},
    "crosses_strong": {"zh": "跨越强界线", "en": "crosses a strong barrier"},
    "given": {"zh": "给定边界", "en": "given boundary"}
  },
  "fault": {"zh": "须查看的网格", "en": "grids to look at", "line": "#d0021b"},
  "roles": {
    "leader": {"zh": "网格长", "en": "leader"},
    "administrator": {"zh": "网格员", "en": "administrator"},
    "part_time": {"zh": "兼职网格员", "en": "part-time"}
  },
  "rules": {
    "inside": {"zh": "在网格内", "en": "inside"},
    "shared-border": {"zh": "在共用边界上", "en": "on a shared border"},
    "outer-border": {"zh": "在外边界上", "en": "on the outer border"},
    "overlay": {"zh": "专属网格优先", "en": "the overlay answers first"},
    "place": {"zh": "按地名", "en": "by place name"},
    "outside": {"zh": "在网格之外", "en": "outside"}
  },
  "hues": ["#cde0b9", "#f7d8ac", "#efc3bb", "#bcd7ea", "#d8cbe8", "#bde0d3"],
  "town": {
    "paper": "#f5f2ec",
    "water": "#a7cbdd",
    "shore": "#8bb4c9",
    "building": "#d6cdbf",
    "building_line": "#b9ad9b",
    "compound": "#9c8c74",
    "rail": "#7d7a78",
    "roads": {
      "motorway": {"fill": "#f2bf7f", "case": "#c08f52", "width_m": 22},
      "primary": {"fill": "#f8dc9a", "case": "#c9a860", "width_m": 18},
      "secondary": {"fill": "#fdf0c8", "case": "#cbbd92", "width_m": 14},
      "tertiary": {"fill": "#ffffff", "case": "#c8c0b3", "width_m": 9},
      "residential": {"fill": "#ffffff", "case": "#d3ccc0", "width_m": 5}
    }
  }
};
