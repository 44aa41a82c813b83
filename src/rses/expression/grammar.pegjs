// RSE expressions: no blanks anywhere, three operators of equal precedence from left to right, and
// parentheses as the only grouping. Bounds on length and depth stand in parse-expression.ts.

Expression
  = first:Operand rest:(operator:Operator right:Operand { return { kind: operator, right }; })* {
      return rest.reduce((left, { kind, right }) => ({ kind, left, right }), first);
    }

Operator
  = '|' { return 'union'; }
  / '&' { return 'intersection'; }
  / '\\' { return 'difference'; }

Operand
  = '(' inner:Expression ')' { return inner; }
  / '*' { return { kind: 'all' }; }
  / Comparison
  / name:$(Word ([_-] Word)*) { return { kind: 'name', name }; }

Comparison
  = key:$[A-Za-z0-9._-]+ operator:[=<>] value:$[A-Za-z0-9_-]+ {
      return { kind: 'comparison', key, operator, value };
    }

Word
  = [A-Za-z0-9]+
