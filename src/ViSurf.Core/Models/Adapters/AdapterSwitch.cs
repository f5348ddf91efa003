namespace ViSurf.Core.Models.Adapters;

/// <summary>Whether an adapter acts, shared by its layers.</summary>
internal sealed class AdapterSwitch
{
    /// <summary>How many scopes have turned it off.</summary>
    public int Disabled { get; set; }

    /// <summary>Whether its effect is in the weights.</summary>
    public bool Merged { get; set; }

    /// <summary>Whether layers add their update.</summary>
    public bool On => Disabled == 0 && !Merged;
}
