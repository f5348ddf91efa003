using System.Text;

namespace ViSurf.Core.Reporting.Markup;

/// <summary>
/// Writes elements, attributes and text. There is no way to write text without escaping it, and every element is closed, so what comes out is
/// well-formed whatever goes in. Names of elements and attributes are the program's own.
/// </summary>
internal sealed class HtmlWriter
{
    private readonly StringBuilder _html = new();
    private readonly Stack<string> _open = new();

    /// <summary>Bytes written so far, as UTF-8.</summary>
    public int Bytes => System.Text.Encoding.UTF8.GetByteCount(_html.ToString());

    /// <summary>Opens an element; it is closed when the returned value is disposed.</summary>
    /// <param name="name">Element.</param>
    /// <param name="attributes">Names and values; one whose value is null is left out.</param>
    public IDisposable Element(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(name, attributes);
        _html.Append('>');
        _open.Push(name);
        return new Closing(this, _open.Count);
    }

    /// <summary>An element with a class.</summary>
    public IDisposable Of(string name, string type) => Element(name, ("class", type));

    /// <summary>An element that holds a text.</summary>
    public HtmlWriter Leaf(string name, string text, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        using (Element(name, attributes)) Text(text);
        return this;
    }

    /// <summary>An element that holds nothing.</summary>
    public HtmlWriter Empty(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(name, attributes);
        _html.Append(" />");
        return this;
    }

    /// <summary>A text, escaped.</summary>
    public HtmlWriter Text(string text)
    {
        HtmlText.Append(_html, text);
        return this;
    }

    /// <summary>A style sheet of the program's own: it holds no markup.</summary>
    public HtmlWriter Style(string css)
    {
        if (css.AsSpan().ContainsAny('<', '&')) throw new ArgumentException("Expected a style sheet without '<' and '&'.", nameof(css));
        _html.Append("<style>").Append(css).Append("</style>");
        return this;
    }

    /// <summary>What another writer wrote, which must have closed what it opened.</summary>
    public HtmlWriter Append(HtmlWriter other)
    {
        if (other._open.Count > 0) throw new InvalidOperationException($"Expected finished elements, got an open <{other._open.Peek()}>.");
        _html.Append(other._html);
        return this;
    }

    /// <summary>A line break in the source, so that differences between two reports can be read.</summary>
    public void Line() => _html.Append('\n');

    public override string ToString() => _html.ToString();

    private void Start(string name, ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        _html.Append('<').Append(name);
        foreach (var (key, value) in attributes)
        {
            if (value is null) continue;
            _html.Append(' ').Append(key).Append("=\"");
            HtmlText.Append(_html, value, attribute: true);
            _html.Append('"');
        }
    }

    private void Close(int depth)
    {
        if (_open.Count != depth) throw new InvalidOperationException($"Expected element {depth} to be closed last, but {_open.Count} are open.");
        _html.Append("</").Append(_open.Pop()).Append('>');
    }

    private sealed class Closing(HtmlWriter writer, int depth) : IDisposable
    {
        public void Dispose() => writer.Close(depth);
    }
}
